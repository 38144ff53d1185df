"""Jobs over many files at once: quoted together, held all or none, each a job of its own."""
