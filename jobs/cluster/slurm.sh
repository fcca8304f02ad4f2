#!/usr/bin/env bash
#SBATCH --job-name=cleaner
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
# A run on Slurm: sbatch slurm.sh JOB.yaml --out /shared/runs/NAME
# Two minutes before the time is up, or when the job is preempted, it ends cleanly and queues itself
# again; the next start continues from what is committed. JOB and --out lie on shared storage.
set -euo pipefail
[ "$#" -gt 0 ] || { echo "usage: sbatch slurm.sh JOB.yaml [--out RUN ...]" >&2; exit 2; }

port=$((20000 + SLURM_JOB_ID % 20000)) # two jobs on one node must not meet
hosts=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${hosts%%$'\n'*}
cores=${SLURM_CPUS_ON_NODE:-$(nproc)}
workers=$((SLURM_JOB_NUM_NODES - 1))
common=(--object-store-memory=80000000 --block)
export RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=token
# All nodes need one token; HOME is shared, so that the first one to write it settles it.
export RAY_AUTH_TOKEN_PATH="${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}"
if [ ! -s "$RAY_AUTH_TOKEN_PATH" ]; then
  mkdir -p "$(dirname "$RAY_AUTH_TOKEN_PATH")"
  (umask 077 && od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$RAY_AUTH_TOKEN_PATH")
fi

started=()
driver=
drain() {
  trap '' TERM
  echo "ending before the time is up; the job queues itself again" >&2
  # The driver ends in order on SIGTERM: what is committed stays, what is not is done again.
  [ -z "$driver" ] || { kill -TERM "$driver" 2>/dev/null || true; wait "$driver" || true; }
  leave
  scontrol requeue "$SLURM_JOB_ID"
  exit 0
}
leave() {
  for one in "${started[@]}"; do kill "$one" 2>/dev/null || true; done
  wait || true
}
trap drain TERM

# The head takes no tasks where there are workers; alone it takes all of them.
head_cores=$((workers > 0 ? 0 : cores))
srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
  ray start --head --node-ip-address="$head" --port="$port" --num-cpus="$head_cores" \
  --include-dashboard=false "${common[@]}" &
started+=($!)
for try in $(seq 60); do
  if ray status --address="$head:$port" >/dev/null 2>&1; then break; fi
  [ "$try" -lt 60 ] || { echo "the head on $head:$port does not answer" >&2; leave; exit 3; }
  sleep "${CLEANER_SLURM_PAUSE:-2}"
done
if [ "$workers" -gt 0 ]; then
  srun --nodes="$workers" --ntasks="$workers" --exclude="$head" --overlap \
    ray start --address="$head:$port" --num-cpus="$cores" "${common[@]}" &
  started+=($!)
fi

cleaner run "$@" --address "$head:$port" &
driver=$!
code=0
wait "$driver" || code=$?
leave
exit "$code"
