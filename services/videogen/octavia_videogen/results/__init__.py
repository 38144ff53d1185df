"""What comes back from a provider: brought home, looked at as what strangers send, and given a poster."""
