# In the cluster of production: only names and secrets of its own.
environment       = "staging"
shared            = false
domain            = "on-track.ch"
documents_per_day = 50
