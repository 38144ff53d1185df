"""The command line client. It talks HTTP only and imports no other package of the project."""
