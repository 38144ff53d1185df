"""What every Octavia service shares; it imports no service and no heavy package."""
