"""Who is who: the persons behind the records, and what is known of each."""
