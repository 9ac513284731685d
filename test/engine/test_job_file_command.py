"""A job file that cannot be read is refused in words that a user knows."""

import pytest

from plugin.engine import command
from plugin.jobs.errors import JobError


@pytest.mark.parametrize(
    "content, why", [(None, "No such file or directory."), ("hello", "what it holds is not JSON.")]
)
def test_job_file_that_cannot_be_read_is_told_without_words_of_programmers(tmp_path, content, why):
    path = tmp_path / "job.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(JobError) as refused:
        command.read_job(str(path))
    assert f'The job file "{path}" cannot be read: {why}' in str(refused.value)
    assert "Errno" not in str(refused.value)
