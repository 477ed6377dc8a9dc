"""The pure middle, from captures to revisions, and the processes it runs in."""
