import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Iris } from "./Iris.jsx";

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Iris />
  </StrictMode>,
);
