"""Videos made of a prompt or a picture: asked for, followed, shown, shared, deleted."""
