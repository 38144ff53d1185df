"""The assembler: joins a job's chunks and lays the dub under the source's picture."""
