#!/bin/sh
# As root, where all packages are installed: makes a user who is nobody in particular, with subordinate ids as adduser gives them and
# a copy of this checkout of its own, and does as that user what every user must be able to. Takes the user away again.
set -u
cd "$(dirname "$0")/.." || exit
user=vmgrid-test
tests='test/contract/(qemu|uml)-line test/e2e/create'

remove_user() {
  id "$user" > /dev/null 2>&1 || return 0
  pkill -KILL -u "$user"
  userdel --remove "$user" 2> /dev/null
}
as_user() {
  env -u XDG_RUNTIME_DIR -u VMGRID_HOME HOME="$home" USER="$user" LOGNAME="$user" \
    setpriv --reuid="$user" --regid="$user" --init-groups sh -c 'cd "$HOME/vmgrid" && exec "$@"' sh "$@"
}

remove_user
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
