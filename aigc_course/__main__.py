"""`python -m aigc_course` is `aigc`."""

from aigc_course.cli import main

main()
