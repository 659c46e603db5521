"use strict";
module.exports = require("./dist/desk/desk.js");
