"""A subtitle file in place of recognition: its cues become the lines of a job."""
