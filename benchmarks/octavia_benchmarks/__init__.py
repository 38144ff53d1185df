"""What `make bench` measures. Every figure stands beside a baseline or an aim, from one run."""
