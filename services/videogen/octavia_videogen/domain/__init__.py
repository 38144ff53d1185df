"""What a video goes through, without any table, clock or network."""
