#!/bin/bash
# One training. From the folder to which its paths belong: sbatch RUN/jobs/train.sh
# 5 minutes before its time is up it is told to save, goes back into the queue, and resumes; it resumes after a machine failed
# too. MEDCTC is another command than medctc: sbatch --export=ALL,MEDCTC="npx medctc" ...
#SBATCH --job-name=medct
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --gpus-per-node=4
#SBATCH --time=24:00:00
#SBATCH --partition=gpu
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@300
set -u
MEDCTC=${MEDCTC:-medctc}
run=runs/medct
mkdir -p "$run"
exec >> "$run/slurm-$SLURM_JOB_ID.log" 2>&1
# What ran before is over, even if it left its lock on a machine that failed.
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then
  rm -rf "$run/run.lock"
fi
# srun does not take this from the job by itself.
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
train=(
  specs/medct.vlm
  --set train.batch=8
  --data 'ct rate'
  --allow-missing 'heads.*' 'to_*'
  -o "$run" --resume --backend pytorch --processes 4
)
# They meet at the first machine, at a port of this job's own.
host=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((10000 + SLURM_JOB_ID % 20000))
srun --kill-on-bad-exit=0 --wait=300 bash -c 'exec "$@" --node-rank "$SLURM_NODEID"' medctc \
  $MEDCTC train "${train[@]}" --nodes "$SLURM_NNODES" --rendezvous "$host:$port"
status=$?
if [ "$status" -eq 143 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
