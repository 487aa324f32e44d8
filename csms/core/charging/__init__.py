"""Smart charging: profiles, the schedules that follow from them, limits from outside, and what
vehicles need."""
