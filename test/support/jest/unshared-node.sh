#!/bin/sh
# Node as the same user, who may mount what only this Node and those that it starts see.
exec unshare --map-current-user --mount --keep-caps -- "$VMGRID_TEST_NODE" "$@"
