"""Videos given by URL: fetched from strangers' servers, and from nowhere else."""
