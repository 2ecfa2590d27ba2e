"""Scorers: how good the models are, on data whose truth is known. They read frames and give figures; thresholds lie
elsewhere."""
