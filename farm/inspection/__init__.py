"""What a component's repository tells a newcomer: licence, requirements, packaging, a summary."""
