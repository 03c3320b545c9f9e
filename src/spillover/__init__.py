"""Does learning to cheat coding tests spill over into misalignment, and what stops it?"""

__version__ = "0.1.0"
