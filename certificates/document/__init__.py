"""The certificate as a document: payload, layout, render, seal. The only home of WeasyPrint and of sealing."""
