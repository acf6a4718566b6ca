#!/bin/sh
# As root, where all packages are installed: makes a user who is nobody in particular, with subordinate ids as adduser
# gives them and a copy of this checkout of its own, and does as that user what every user must be able to. Takes the
# user away again, with its processes and what it has left in the folder for temporary files.
set -u
cd "$(dirname "$0")/.." || exit
user=vmgrid-test
tests='test/contract/(qemu|uml)-line test/e2e/create'
# Seconds for the processes of the user to be gone after SIGKILL.
gone_within=30

# userdel refuses while a process of the user is there. Those that are nobody's children tell nobody of their end.
remove_user() {
  id "$user" > /dev/null 2>&1 || return 0
  left=$gone_within
  until pkill -KILL -u "$user"; find "${TMPDIR:-/tmp}" -mindepth 1 -maxdepth 1 -user "$user" -exec rm -rf {} +
    said=$(userdel --remove "$user" 2>&1); do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "the user $user could not be removed within $gone_within s: $said" >&2; return 1; }
    sleep 1
  done
}
# In the background, for a shell heeds no signal while a command in the foreground runs.
as_user() {
  env -u XDG_RUNTIME_DIR -u VMGRID_HOME HOME="$home" USER="$user" LOGNAME="$user" \
    setpriv --reuid="$user" --regid="$user" --init-groups sh -c 'cd "$HOME/vmgrid" && exec "$@"' sh "$@" &
  wait "$!"
}

remove_user || exit
trap remove_user EXIT
trap 'exit 1' INT TERM
useradd --create-home --shell /bin/sh "$user" || exit
home=$(getent passwd "$user" | cut -d: -f6)
cp -a . "$home/vmgrid" && chown -R "$user:" "$home" || exit

status=0
if as_user npm run demo; then echo '1 passed, 0 failed'; else status=1 && echo '0 passed, 1 failed'; fi
# shellcheck disable=SC2086 # one word for each pattern
as_user npm test -- $tests || status=1
exit "$status"
