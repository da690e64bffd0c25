#!/bin/sh
# A shop's texts from the table products.csv, each word of them true, and a picture of each product.
# usage: sh samples/shop/make.sh FOLDER
set -eu
here=$(dirname "$0")
aigc=${AIGC:-$here/../../build/aigc}
folder=${1:-out/shop}
mkdir -p "$folder"
"$aigc" write -q --force -t "$here/product.md" -d "$here/products.csv" -o "$folder/{{sku}}.md"
"$aigc" batch -q --out-dir "$folder" --journal "$folder/journal" "$here/shop.jsonl"
