"""What this plugin offers; imports nothing heavy."""
