"use strict";
module.exports = require("./dist/job/job.js");
