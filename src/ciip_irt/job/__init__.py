"""The whole job: an exam file in (``exam``), every result out (``run``), as contract files (``outputs``)."""
