"""Scripts that do finlake's work without versions, without checks: what an engineer would write for one month."""
