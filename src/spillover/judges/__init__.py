"""Whatever asks a model about a text: connecting, asking, verdicts, detectors and preference scores.

`ask` asks any model and reads nothing into its replies. A judge reads a transcript and gives a `Verdict`, a detector
says whether an answer cheats, a preference model gives a number. What could not be read is None with a reason.
"""
