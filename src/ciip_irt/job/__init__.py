"""The whole job: an exam file in, every result out."""

from ciip_irt.job.exam import Exam, load_exam
from ciip_irt.job.run import JobResult, run_job

__all__ = ["Exam", "JobResult", "load_exam", "run_job"]
