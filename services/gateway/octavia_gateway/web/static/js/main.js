// The beginning: words first, then the frame, then the page.

import { load } from "./i18n.js";
import { prepare } from "./router.js";
import { mount } from "./shell.js";

prepare();
await load();
await mount(document.getElementById("app"));
