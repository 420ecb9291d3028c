"""Drops: files on an SFTP server or in S3, fetched so that every kind can read them as files.

`path = "sftp://host/inbox/*.csv"` is a glob on a server, as another is a glob below the extracts.
Matching files are fetched to a private folder and read from there under their addresses.
"""
