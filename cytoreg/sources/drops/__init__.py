"""Drops: files that lie on an SFTP server or in S3, fetched so that every kind reads them as files.

`path = "sftp://host/inbox/*.csv"` is a glob below a server as another is below the extracts. What
matches is fetched into a private folder, from which it is read under its address.
"""
