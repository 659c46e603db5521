"use strict";
module.exports = require("./dist/report/report.js");
