"""The whole job: an exam file in, every result out."""
