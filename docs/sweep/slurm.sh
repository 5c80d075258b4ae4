#!/bin/bash
# A sweep as a Slurm array: each task does its part of the points (SLURM_ARRAY_TASK_ID of
# SLURM_ARRAY_TASK_COUNT), all in one folder on the shared file system. Started again, a task goes on
# where it stopped.
#
#   job=$(sbatch --parsable slurm.sh)
#   sbatch --dependency=afterok:$job --wrap 'redrive sweep merge results --out results'
#SBATCH --job-name=redrive-sweep
#SBATCH --array=0-7
#SBATCH --cpus-per-task=4
#SBATCH --mem=1G
#SBATCH --time=02:00:00
#SBATCH --requeue

set -eu

srun redrive sweep herd --policy full \
    --vary policy.maxDelay=5s..120s:log:24 --vary policy.maxAttempts=3..12:10 \
    --runs 100 --threads "${SLURM_CPUS_PER_TASK:-1}" --out results
