"""What the platform can do, as its engines told: languages, voices, wishes that are heeded."""
