"""Resumable uploads by tus 1.0 onto S3 multipart uploads, resumable on any replica."""
