"""The golden set: labelled transcripts, written for it, on which any judge can be measured."""

from spillover.judges.golden.items import Item, Labels, Part, golden_set, golden_transcript

__all__ = ["Item", "Labels", "Part", "golden_set", "golden_transcript"]
