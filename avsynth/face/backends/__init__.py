"""The engines that place landmarks, one file each."""
