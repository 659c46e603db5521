"use strict";
const { renderReport, reportData } = require("./dist/report/report.js");
module.exports = { renderReport, reportData };
