"""From the hand-edited sources to notebooks and labs: read, split into editions, execute, check."""
