"""What a policy does to pilots whose truth is known."""
