// Which page of docs/ stands where on the site. Their titles are their own headings.

export const groups = {
  Guides: ["from-text", "sources", "formats", "command-line", "report", "desk", "reliability"],
  Trainers: [
    "trl",
    "llamafactory",
    "streaming-mds",
    "megatron-nemo",
    "pytorch-varlen",
    "training-js",
  ],
  "More uses": [
    "epochs",
    "micro-batches",
    "dataframes",
    "duckdb-arrow",
    "remote-sources",
    "scale-out",
    "bundlers",
  ],
};
