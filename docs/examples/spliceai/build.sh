#!/usr/bin/env sh
# What suite.toml needs, made ready in this folder: SpliceAI's weights and annotations (by pip, without
# Keras and TensorFlow), windows of hg19 (from Debian's augustus-doc), and this package.
set -eu
cd "$(dirname "$0")"
python -m pip install --quiet --no-deps spliceai
python -m pip install --quiet --editable ".[test]"
if [ ! -d windows ]; then
  part=$(mktemp -d)
  trap 'rm -rf "$part"' EXIT
  (cd "$part" && apt-get download --quiet augustus-doc && dpkg-deb -x augustus-doc_*.deb .)
  mkdir "$part/windows"
  cp "$part"/usr/share/doc/augustus/tutorial/data/chr[345].*.fa "$part/windows"
  mv "$part/windows" windows
fi
