"""How good dubs are, beside what a naive chain of the same engines makes of the same videos."""
