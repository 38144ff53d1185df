"""Videos of which every word and its time is known, and an independent look at what became of them.

It needs the programs ffmpeg and flite, and no other package of the project: what measures must not share
code with what it measures.
"""
